"""Why a module cannot be imported, and what does the same: the last finder, and the tables it reads."""

import os
import sys

PACKAGES = "/usr/lib/python3.13/site-packages"


def _named(text, reason):
    return dict.fromkeys(text.split(), reason)


CLIENTS = "requests, httpx, azure.cosmos and jira can be imported, but not connect"
NO_NETWORK = f"the sandbox has no network, so libraries that are nothing without one are not part of this image; {CLIENTS}"
NOT_OF_WASM = "it is native code that this image does not have"
RUST = "it is written in Rust, and this image has none of it"
BOARDS = "it is a module of MicroPython's, which runs on boards"
REASONS = (
    _named("aiohttp aioredis anthropic asyncpg atlassian boto boto3 botocore celery cohere confluent_kafka discord dns docker "
           "elasticsearch fabric flask_sqlalchemy ftputil gradio groq grpc gspread hubspot httplib2 influxdb_client kafka kubernetes langchain "
           "langchain_core ldap3 minio mistralai mysql notion_client ollama paho paramiko pika pinecone playwright psycopg psycopg2 pymongo pymssql "
           "pymysql redis salesforce selenium sendgrid shopify simple_salesforce slack_sdk smtplib2 snowflake socketio sqlalchemy stripe "
           "telegram telebot tweepy twilio urllib2 weaviate websocket websockets zeep zmq", NO_NETWORK)
    | _named("flask fastapi django starlette uvicorn gunicorn tornado bottle sanic streamlit", "programs here answer once and serve nobody")
    | _named("openai", f"it is built on pydantic and jiter, which are written in Rust, and the sandbox has no network; {CLIENTS}")
    | _named("llama_index", f"it is built on pydantic and tiktoken, which are written in Rust, and the sandbox has no network; {CLIENTS}")
    | _named("tiktoken", "it is written in Rust, and fetches its vocabularies from a network")
    | _named("transformers tokenizers sentence_transformers huggingface_hub torch tensorflow keras jax onnxruntime spacy nltk",
             "models are too large for an image of this sandbox")
    | _named("numpy pandas scipy sklearn matplotlib seaborn statsmodels polars pyarrow numba cv2 PIL shapely xgboost lightgbm "
             "plotly bokeh lxml regex ujson orjson ruamel cryptography Crypto Cryptodome nacl bcrypt argon2 Levenshtein "
             "psutil snappy lz4 zstandard brotli msgpack fitz pyodbc tkinter cffi greenlet gevent", NOT_OF_WASM)
    | _named("pydantic pydantic_core jiter pendulum jellyfish rpds nh3", RUST)
    | _named("machine neopixel micropython music speech radio power microbit query7 uasyncio uarray ucollections uerrno urandom ustruct "
             "ustructu usys utime ure uos uio uhashlib ubinascii", BOARDS)
    | _named("typeshed", "it holds descriptions for type checkers, which programs cannot import")
)
# Where a name is not there, what does the same.
INSTEAD = {
    "uarray": "array", "ucollections": "collections", "uerrno": "errno", "urandom": "random", "ustruct": "struct", "ustructu": "struct",
    "usys": "sys", "utime": "time", "ure": "re", "uos": "os", "uio": "io", "uhashlib": "hashlib", "ubinascii": "binascii",
    "uasyncio": "asyncio", "typeshed": "typing and typing_extensions",
    "ruamel": "yaml", "orjson": "json or simplejson", "ujson": "json or simplejson", "lxml": "bs4 or xml.etree.ElementTree",
    "chardet": "charset_normalizer", "cchardet": "charset_normalizer", "regex": "re", "pydantic": "dataclasses, attrs or jsonschema",
    "marshmallow": "jsonschema", "PyPDF2": "pypdf", "fitz": "pypdf", "pdfplumber": "pypdf", "docx": "zipfile and xml.etree.ElementTree",
    "pendulum": "arrow or dateutil", "dateparser": "dateutil.parser or arrow", "jellyfish": "rapidfuzz", "Levenshtein": "rapidfuzz",
    "fuzzywuzzy": "thefuzz", "unidecode": "text_unidecode", "html2text": "markdownify", "commonmark": "mistune", "markdown2": "markdown",
    "cryptography": "hashlib, hmac, rsa or jose", "Crypto": "hashlib, hmac or rsa", "Cryptodome": "hashlib, hmac or rsa",
    "toml": "tomllib", "tomli": "tomllib", "dns": "email_validator or validators, for the form of addresses", "polars": "csv and sqlite3",
    "jsonpath": "jsonpath_ng", "tiktoken": "len(text) // 4 comes near for English text", "nltk": "re", "magic": "mimetypes",
}


def _of(folder):
    names = {entry.removesuffix(".py") for entry in os.listdir(folder) if "dist-info" not in entry}
    return sorted((name for name in names if not name.startswith("_")), key=str.lower)


def packages():
    """The names of the image's packages that programs import."""
    return ", ".join(_of(PACKAGES))


def why(name):
    top = name.partition(".")[0]
    if top != name:
        # A namespace, whose other parts are packages of their own.
        there = ", ".join(f"{top}.{part}" for part in _of(f"{PACKAGES}/{top}"))
        return f"of {top} this image has {there}; {REASONS.get(name, NO_NETWORK)}"
    reason = REASONS.get(name)
    if reason is None:
        standard = name.lstrip("_") in sys.stdlib_module_names or name in sys.stdlib_module_names
        if standard:
            return "this part of the standard library needs what the sandbox does not have"
        reason = "it is not part of this image"
    if name in INSTEAD:
        return f"{reason}; instead: {INSTEAD[name]}"
    return f"{reason}. Besides the standard library there are: {packages()}" if name not in REASONS else reason


def _from_a_from(frame):
    """Whether this is the import of `b` in `from a import b`, whose failure would be put as: cannot import name."""
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        if frame.f_code.co_name == "_handle_fromlist":
            return True
        frame = frame.f_back
    return False


class Explainer:
    """The last finder: says why a module is not there. Only where an import would fail anyway: a mere question
    (importlib.util.find_spec) is answered with None as usual."""

    def find_spec(self, name, path=None, target=None):
        caller = sys._getframe(2)
        parent, _, _ = name.rpartition(".")
        if caller.f_code.co_name != "_find_and_load_unlocked" or parent and parent not in NAMESPACES:
            return None
        # importlib takes an error that names the module asked for as leave to go on.
        asked = None if parent and _from_a_from(caller) else name
        raise ModuleNotFoundError(f"No module named {name!r} ({why(name)})", name=asked)


def _namespaces():
    """Folders of packages that are none themselves."""
    return {name for name in _of(PACKAGES) if os.path.isdir(f"{PACKAGES}/{name}") and not os.path.exists(f"{PACKAGES}/{name}/__init__.py")}


NAMESPACES = _namespaces()


def at_boot():
    sys.meta_path.append(Explainer())
