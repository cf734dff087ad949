from importlib.metadata import version

from shop import app


def main() -> None:
    answer = app.test_client().get("/")
    print(f"shop {version('shop')}: {answer.text}")
