import os

import click


@click.command()
def main() -> None:
    click.echo(f"user {os.getuid()}, group {os.getgid()}")
