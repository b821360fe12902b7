"""Stands in for the extension module behind `socket`: everything is there to be imported and named, nothing connects."""

import errno as _errno

# Nothing asks for what is in it, but `types.CapsuleType` is the type of this.
from _datetime import datetime_CAPI as CAPI

error = OSError
timeout = TimeoutError
has_ipv6 = True


class herror(OSError):
    pass


class gaierror(OSError):
    pass


AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6 = 0, 1, 2, 10
SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET = 1, 2, 3, 4, 5
SOCK_CLOEXEC, SOCK_NONBLOCK = 0o2000000, 0o4000
SOL_SOCKET, SOL_IP, SOL_TCP, SOL_UDP = 1, 0, 6, 17
SO_DEBUG, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST, SO_SNDBUF, SO_RCVBUF = 1, 2, 3, 4, 5, 6, 7, 8
SO_KEEPALIVE, SO_OOBINLINE, SO_LINGER, SO_REUSEPORT, SO_RCVTIMEO, SO_SNDTIMEO = 9, 10, 13, 15, 20, 21
SOMAXCONN = 128
IPPROTO_IP, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6, IPPROTO_RAW = 0, 1, 6, 17, 41, 255
IPV6_V6ONLY, IPV6_UNICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP = 26, 16, 17, 18, 19
IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP = 20, 21
IP_TOS, IP_TTL, IP_MULTICAST_IF, IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP = 1, 2, 32, 33, 34, 35, 36
TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT = 1, 2, 3, 4, 5, 6, 18
MSG_OOB, MSG_PEEK, MSG_DONTROUTE, MSG_TRUNC, MSG_DONTWAIT, MSG_WAITALL, MSG_NOSIGNAL = 1, 2, 4, 0x20, 0x40, 0x100, 0x4000
SHUT_RD, SHUT_WR, SHUT_RDWR = 0, 1, 2
AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_V4MAPPED, AI_ALL, AI_ADDRCONFIG, AI_NUMERICSERV = 1, 2, 4, 8, 16, 32, 1024
EAI_BADFLAGS, EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_FAMILY, EAI_SOCKTYPE, EAI_SERVICE, EAI_MEMORY, EAI_SYSTEM = -1, -2, -3, -4, -6, -7, -8, -10, -11
NI_NUMERICHOST, NI_NUMERICSERV, NI_NOFQDN, NI_NAMEREQD, NI_DGRAM = 1, 2, 4, 8, 16
NI_MAXHOST, NI_MAXSERV = 1025, 32
INADDR_ANY, INADDR_BROADCAST, INADDR_LOOPBACK, INADDR_NONE = 0, 0xFFFFFFFF, 0x7F000001, 0xFFFFFFFF

_default_timeout = None


def _no_network(*args, **options):
    raise OSError(_errno.ENETUNREACH, "this sandbox has no network")


class socket:
    """A socket that can be made and asked about itself; any use of the network fails."""

    __slots__ = ("family", "type", "proto", "timeout", "_options", "_open")

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is not None:
            _no_network()
        # `socket.socket` covers these two with properties of the same names.
        _family.__set__(self, AF_INET if family == -1 else int(family))
        _type.__set__(self, SOCK_STREAM if type == -1 else int(type))
        self.proto = 0 if proto == -1 else int(proto)
        self.timeout = _default_timeout
        self._options = {}
        self._open = True

    def close(self):
        self._open = False

    def detach(self):
        self._open = False
        return -1

    def fileno(self):
        return -1

    def settimeout(self, value):
        self.timeout = None if value is None else float(value)

    def gettimeout(self):
        return self.timeout

    def setblocking(self, flag):
        self.timeout = None if flag else 0.0

    def getblocking(self):
        return self.timeout is None or self.timeout > 0

    def setsockopt(self, level, option, value=None, length=None):
        self._options[level, option] = value

    def getsockopt(self, level, option, length=None):
        return self.type if (level, option) == (SOL_SOCKET, SO_TYPE) else self._options.get((level, option), 0)

    def __repr__(self):
        return f"<socket object, family={self.family}, type={self.type}, proto={self.proto}>"

    connect = connect_ex = bind = listen = _accept = send = sendall = sendto = sendmsg = sendmsg_afalg = _no_network
    recv = recv_into = recvfrom = recvfrom_into = recvmsg = recvmsg_into = shutdown = getpeername = getsockname = _no_network


SocketType = socket
_family, _type = socket.family, socket.type


def getdefaulttimeout():
    return _default_timeout


def setdefaulttimeout(value):
    global _default_timeout
    _default_timeout = None if value is None else float(value)


def gethostname():
    return "sandbox"


getaddrinfo = getnameinfo = gethostbyname = gethostbyname_ex = gethostbyaddr = socketpair = dup = sethostname = _no_network
if_nameindex = if_nametoindex = if_indextoname = CMSG_LEN = CMSG_SPACE = _no_network


def close(fd):
    raise OSError(_errno.EBADF, "not a socket")


def getservbyname(name, protocol=None):
    raise OSError("service/proto not found")


getservbyport = getprotobyname = getservbyname


def htons(number):
    return int.from_bytes(number.to_bytes(2, "little"), "big")


def htonl(number):
    return int.from_bytes(number.to_bytes(4, "little"), "big")


ntohs, ntohl = htons, htonl


def inet_aton(text):
    """Dotted IPv4 text, of one to four parts as in C, to four bytes."""
    parts = text.split(".")
    try:
        numbers = [int(p, 0) if p.startswith(("0x", "0X")) else int(p, 8 if len(p) > 1 and p[0] == "0" else 10) for p in parts]
        if len(numbers) > 4 or any(not 0 <= n <= 255 for n in numbers[:-1]):
            raise ValueError
        return bytes(numbers[:-1]) + numbers[-1].to_bytes(5 - len(numbers), "big")
    except (ValueError, OverflowError):
        raise OSError("illegal IP address string passed to inet_aton") from None


def inet_ntoa(packed):
    if len(packed) != 4:
        raise OSError("packed IP wrong length")
    return ".".join(map(str, bytes(packed)))


def inet_pton(family, text):
    import ipaddress

    try:
        if family == AF_INET:
            return ipaddress.IPv4Address(text).packed
        if family == AF_INET6:
            return ipaddress.IPv6Address(text).packed
    except ValueError:
        raise OSError("illegal IP address string passed to inet_pton") from None
    raise OSError(_errno.EAFNOSUPPORT, "unknown address family")


def inet_ntop(family, packed):
    import ipaddress

    try:
        if family == AF_INET:
            return str(ipaddress.IPv4Address(bytes(packed)))
        if family == AF_INET6:
            return str(ipaddress.IPv6Address(bytes(packed)))
    except ValueError:
        raise ValueError("invalid length of packed IP address string") from None
    raise ValueError(f"unknown address family {family}")
