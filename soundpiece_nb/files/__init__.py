"""Files and folders: paths as they are typed, names, and writing that leaves nothing half done."""
