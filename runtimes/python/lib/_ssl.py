"""Stands in for the extension module behind `ssl`: contexts can be made and configured, nothing is encrypted, because there
is nobody to speak to."""

import errno as _errno
import os as _os

OPENSSL_VERSION = "OpenSSL 3.0.0 (stand-in: this sandbox has no network)"
OPENSSL_VERSION_NUMBER = 0x30000000
OPENSSL_VERSION_INFO = _OPENSSL_API_VERSION = (3, 0, 0, 0, 0)
HAS_SNI = HAS_ECDH = HAS_ALPN = HAS_TLSv1_2 = HAS_TLSv1_3 = True
HAS_NPN = HAS_SSLv2 = HAS_SSLv3 = HAS_TLSv1 = HAS_TLSv1_1 = HAS_PSK = False
_DEFAULT_CIPHERS = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"

# OpenSSL's numbers.
_NUMBERS = {
    "CERT_": """
        NONE=0 OPTIONAL=1 REQUIRED=2
    """,
    "PROTOCOL_": """
        SSLv23=2 TLS=2 TLSv1=3 TLSv1_1=4 TLSv1_2=5 TLS_CLIENT=16 TLS_SERVER=17
    """,
    "PROTO_": """
        MINIMUM_SUPPORTED=-2 MAXIMUM_SUPPORTED=-1 SSLv3=768 TLSv1=769 TLSv1_1=770 TLSv1_2=771 TLSv1_3=772
    """,
    "SSL_ERROR_": """
        SSL=1 WANT_READ=2 WANT_WRITE=3 WANT_X509_LOOKUP=4 SYSCALL=5 ZERO_RETURN=6 WANT_CONNECT=7 EOF=8 INVALID_ERROR_CODE=10
    """,
    "VERIFY_": """
        DEFAULT=0 CRL_CHECK_LEAF=4 CRL_CHECK_CHAIN=12 X509_STRICT=32 ALLOW_PROXY_CERTS=64 X509_TRUSTED_FIRST=32768
        X509_PARTIAL_CHAIN=524288
    """,
    "OP_": """
        NO_SSLv2=0 SINGLE_DH_USE=0 SINGLE_ECDH_USE=0 IGNORE_UNEXPECTED_EOF=128 NO_TICKET=16384 NO_COMPRESSION=131072
        ENABLE_MIDDLEBOX_COMPAT=1048576 CIPHER_SERVER_PREFERENCE=4194304 NO_SSLv3=33554432 NO_TLSv1=67108864
        NO_TLSv1_2=134217728 NO_TLSv1_1=268435456 NO_TLSv1_3=536870912 NO_RENEGOTIATION=1073741824 ALL=2147483728
    """,
    "HOSTFLAG_": """
        ALWAYS_CHECK_SUBJECT=1 NO_WILDCARDS=2 NO_PARTIAL_WILDCARDS=4 MULTI_LABEL_WILDCARDS=8 SINGLE_LABEL_SUBDOMAINS=16
        NEVER_CHECK_SUBJECT=32
    """,
    "ENCODING_": """
        PEM=1 DER=2
    """,
    "ALERT_DESCRIPTION_": """
        CLOSE_NOTIFY=0 UNEXPECTED_MESSAGE=10 BAD_RECORD_MAC=20 RECORD_OVERFLOW=22 DECOMPRESSION_FAILURE=30
        HANDSHAKE_FAILURE=40 BAD_CERTIFICATE=42 UNSUPPORTED_CERTIFICATE=43 CERTIFICATE_REVOKED=44 CERTIFICATE_EXPIRED=45
        CERTIFICATE_UNKNOWN=46 ILLEGAL_PARAMETER=47 UNKNOWN_CA=48 ACCESS_DENIED=49 DECODE_ERROR=50 DECRYPT_ERROR=51
        PROTOCOL_VERSION=70 INSUFFICIENT_SECURITY=71 INTERNAL_ERROR=80 USER_CANCELLED=90 NO_RENEGOTIATION=100
        UNSUPPORTED_EXTENSION=110 CERTIFICATE_UNOBTAINABLE=111 UNRECOGNIZED_NAME=112 BAD_CERTIFICATE_STATUS_RESPONSE=113
        BAD_CERTIFICATE_HASH_VALUE=114 UNKNOWN_PSK_IDENTITY=115
    """,
}
for _prefix, _pairs in _NUMBERS.items():
    for _pair in _pairs.split():
        _name, _, _number = _pair.partition("=")
        globals()[_prefix + _name] = int(_number)
del _NUMBERS, _prefix, _pairs, _pair, _name, _number


class SSLError(OSError):
    library = reason = None

    def __str__(self):
        return self.strerror if isinstance(self.strerror, str) else super().__str__()


class SSLZeroReturnError(SSLError):
    pass


class SSLWantReadError(SSLError):
    pass


class SSLWantWriteError(SSLError):
    pass


class SSLSyscallError(SSLError):
    pass


class SSLEOFError(SSLError):
    pass


class SSLCertVerificationError(SSLError, ValueError):
    pass


def _no_network(*args, **options):
    raise OSError(_errno.ENETUNREACH, "this sandbox has no network")


class _SSLContext:
    """Keeps what it is told; any use of it for a connection fails."""

    # `ssl.SSLContext` covers some of these with properties of the same names, which ask here.
    __slots__ = ("protocol", "options", "verify_flags", "verify_mode", "check_hostname", "_host_flags", "minimum_version",
                 "maximum_version", "security_level", "num_tickets", "sni_callback", "keylog_filename", "post_handshake_auth", "_msg_callback")

    def __new__(cls, protocol):
        context = super().__new__(cls)
        client = protocol == PROTOCOL_TLS_CLIENT
        values = (protocol, OP_ALL | OP_NO_SSLv3 | OP_NO_COMPRESSION, VERIFY_X509_TRUSTED_FIRST,
                  CERT_REQUIRED if client else CERT_NONE, client, 0, PROTO_TLSv1_2,
                  PROTO_MAXIMUM_SUPPORTED, 2, 2, None, None, False, None)
        for name, value in zip(_SSLContext.__slots__, values, strict=True):
            _SSLContext.__dict__[name].__set__(context, value)
        return context

    def set_ciphers(self, ciphers):
        pass

    def get_ciphers(self):
        return []

    def get_ca_certs(self, binary_form=False):
        return []

    def cert_store_stats(self):
        return {"x509": 0, "crl": 0, "x509_ca": 0}

    def session_stats(self):
        return dict.fromkeys(("number", "connect", "connect_good", "accept", "accept_good", "hits", "misses"), 0)

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")
        for path in (cafile, capath):
            if path is not None:
                _os.stat(path)

    def load_cert_chain(self, certfile, keyfile=None, password=None):
        for path in (certfile, keyfile):
            if path is not None:
                _os.stat(path)

    def _nothing(self, *args, **options):
        pass

    set_default_verify_paths = _set_alpn_protocols = load_dh_params = set_ecdh_curve = _nothing
    set_psk_client_callback = set_psk_server_callback = _nothing
    _wrap_socket = _wrap_bio = _no_network


class MemoryBIO:
    """Bytes that go in at one end and come out at the other."""

    def __init__(self):
        self._bytes, self._ended = bytearray(), False

    pending = property(lambda self: len(self._bytes))
    eof = property(lambda self: self._ended and not self._bytes)

    def read(self, size=-1):
        size = len(self._bytes) if size < 0 else size
        taken = bytes(self._bytes[:size])
        del self._bytes[:size]
        return taken

    def write(self, data):
        self._bytes += data
        return len(data)

    def write_eof(self):
        self._ended = True


class SSLSession:
    pass


class Certificate:
    pass


def get_default_verify_paths():
    return ("SSL_CERT_FILE", "/etc/ssl/cert.pem", "SSL_CERT_DIR", "/etc/ssl/certs")


_OBJECTS = (
    (129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"),
    (130, "clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"),
)


def txt2obj(txt, name=False):
    for entry in _OBJECTS:
        if txt == entry[3] or name and txt in entry[1:3]:
            return entry
    raise ValueError(f"unknown object {txt!r}")


def nid2obj(nid):
    for entry in _OBJECTS:
        if nid == entry[0]:
            return entry
    raise ValueError(f"unknown NID {nid}")


def RAND_status():
    return True


def RAND_add(data, entropy):
    pass


def RAND_bytes(count):
    return _os.urandom(count)


_test_decode_cert = _no_network
