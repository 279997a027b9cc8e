"""What people see of a request: `notifications` says which messages it wants, `views` draws them."""
