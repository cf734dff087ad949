import requests

print(f"requests {requests.__version__}")
