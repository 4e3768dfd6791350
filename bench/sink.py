"""A receiver that is never the limit: it reads requests with bodies of a known length, and answers each with 200."""

import select
import socket

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
END = b"\r\n\r\n"
LENGTH = b"content-length: "


def whole(data: bytes) -> int:
    """Return how many bytes the first request has; 0 while it is not all there."""
    head = data.find(END)
    if head < 0:
        return 0
    at = data.lower().find(LENGTH, 0, head)
    length = int(data[at + len(LENGTH) : data.find(b"\r\n", at)]) if at >= 0 else 0
    end = head + len(END) + length
    return end if len(data) >= end else 0


def serve() -> None:
    """Serve, and print the port."""
    server = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    server.settimeout(0)
    epoll = select.epoll()
    epoll.register(server, select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    rests: dict[int, bytes] = {}
    print(server.getsockname()[1], flush=True)
    while True:
        for number, _ in epoll.poll():
            if number == server.fileno():
                client, _ = server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients[client.fileno()], rests[client.fileno()] = client, b""
                epoll.register(client, select.EPOLLIN)
                continue
            client = clients[number]
            try:
                data = client.recv(65_536)
            except ConnectionError:
                data = b""
            if not data:
                epoll.unregister(client)
                client.close()
                del clients[number], rests[number]
                continue
            data = rests[number] + data
            while length := whole(data):
                data = data[length:]
                client.sendall(ANSWER)
            rests[number] = data


if __name__ == "__main__":
    serve()
