"""What the tests share: real services, kernels, browsers and processes to run them against."""
