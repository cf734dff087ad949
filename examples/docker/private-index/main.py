from acme_greeting import greet

print(greet("world"))
