# Reads a netfilter queue and gives every packet the verdict that it is told (1 accept, 0 drop). Says "ready" once it is bound.
import socket, struct, sys

queue, verdict = int(sys.argv[1]), int(sys.argv[2])
VERDICT, CONFIG = (3 << 8) | 1, (3 << 8) | 2
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
sock.bind((0, 0))


def send(kind, family, number, attribute, data):
    attributes = struct.pack("=HH", 4 + len(data), attribute) + data
    attributes += b"\0" * (-len(attributes) % 4)
    body = struct.pack("=BB", family, 0) + struct.pack(">H", number) + attributes
    sock.send(struct.pack("=IHHII", 16 + len(body), kind, 1, 0, 0) + body)


BIND, COPY_META = 1, 1
send(CONFIG, 0, queue, 1, struct.pack(">BBH", BIND, 0, 0))
send(CONFIG, 0, queue, 2, struct.pack(">IB", 0, COPY_META))
print("ready", flush=True)
while True:
    message = sock.recv(65536)
    (kind,) = struct.unpack_from("=H", message, 4)
    if kind != 3 << 8:
        continue
    (number,) = struct.unpack_from(">I", message, 16 + 4 + 4)
    send(VERDICT, 0, queue, 2, struct.pack(">II", verdict, number))
