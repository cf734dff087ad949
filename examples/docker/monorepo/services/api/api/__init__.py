from core import shout
from itsdangerous import Signer


def main() -> None:
    signed = Signer("key").sign("api")
    print(shout(Signer("key").unsign(signed).decode()))
