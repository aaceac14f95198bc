"""The replay of a plan through one future after another, compiled. Nothing here knows a table or a word."""
