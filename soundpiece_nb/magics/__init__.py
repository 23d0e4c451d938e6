"""What a person types: magics made from the routes, their options, help and {{name}}."""
