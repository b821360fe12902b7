"""asyncio without sockets: a loop that only ever waits for time."""

import asyncio
import time
from asyncio import base_events, unix_events


class _Clockwork:
    """Stands in for a selector: nothing can become ready, so waiting is sleeping."""

    def select(self, timeout):
        if timeout is None:
            raise RuntimeError("asyncio waits for something that can never happen: the sandbox has no network and no other threads")
        if timeout > 0:
            time.sleep(timeout)
        return ()

    def close(self):
        pass


class Loop(base_events.BaseEventLoop):
    def __init__(self, selector=None):
        """There is nothing that a selector of the program's own could select."""
        super().__init__()
        self._selector = _Clockwork()

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass

    def run_in_executor(self, executor, func, *args):
        """Without threads, the default executor runs the function at once."""
        if executor is not None:
            return super().run_in_executor(executor, func, *args)
        self._check_closed()
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    async def shutdown_default_executor(self, timeout=None):
        pass

    async def _no_network(self, *args, **options):
        from .denied import no_network

        no_network()

    create_connection = create_server = create_datagram_endpoint = getaddrinfo = getnameinfo = _no_network
    create_unix_connection = create_unix_server = connect_accepted_socket = start_tls = _no_network
    sock_connect = sock_accept = sock_recv = sock_sendall = sock_recv_into = sock_sendfile = sendfile = _no_network

    async def _no_processes(self, *args, **options):
        from .denied import no_processes

        no_processes()

    subprocess_exec = subprocess_shell = connect_read_pipe = connect_write_pipe = _no_processes


def at_boot():
    """Makes every name of the system's own loop, and the policy that is the default, lead to this one."""
    for name in ("_UnixSelectorEventLoop", "SelectorEventLoop", "EventLoop"):
        setattr(unix_events, name, Loop)
    asyncio.SelectorEventLoop = asyncio.EventLoop = Loop
    asyncio.DefaultEventLoopPolicy._loop_factory = Loop


def at_snapshot():
    """A policy remembers whether a loop was ever set, and the warm-up has set some."""
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
