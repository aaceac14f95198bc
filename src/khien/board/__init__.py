"""The board: the office's pages. Made on the server, without JavaScript, asking no other host for anything."""
