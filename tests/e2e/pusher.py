"""A collector of its own in Python, by the public protocol: pushes samples, remembers what was acknowledged, reconnects."""

import queue
import threading

import harness  # noqa: F401: makes the stubs importable
import grpc
from nines.v1 import ingest_pb2, ingest_pb2_grpc


class Pusher:
    """Pushes one sample a batch, value = sequence number, time = base_ms + sequence seconds, until it is stopped."""

    def __init__(self, address, provider, collector, base_ms):
        self.address, self.provider, self.collector, self.base_ms = address, provider, collector, base_ms
        self.acknowledged = 0  # every sequence up to here was acknowledged
        self.welcomed_below = []  # (welcome, acknowledged) where the daemon had forgotten what it acknowledged
        self.refusals = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        """Stops, and returns the highest acknowledged sequence."""
        self._stopping.set()
        self._thread.join(harness.PATIENCE_S)
        return self.acknowledged

    def _run(self):
        while not self._stopping.is_set():
            try:
                self._stream()
            except grpc.RpcError:
                self._stopping.wait(0.02)

    def _stream(self):
        requests = queue.Queue()
        with grpc.insecure_channel(self.address) as channel:
            stub = ingest_pb2_grpc.IngestServiceStub(channel)
            requests.put(ingest_pb2.PushRequest(hello=ingest_pb2.Hello(
                collector_id=self.collector, provider_id=self.provider, epoch=7, version="test")))
            responses = stub.Push(iter(requests.get, None))
            try:
                welcome = next(responses).welcome
                if welcome.last_sequence < self.acknowledged:
                    self.welcomed_below.append((welcome.last_sequence, self.acknowledged))
                sequence = welcome.last_sequence
                register = [ingest_pb2.SeriesRegistration(labels=[ingest_pb2.Label(name="__name__", value="pushed")])]
                while not self._stopping.is_set():
                    for _ in range(8):  # a few in flight
                        sequence += 1
                        requests.put(ingest_pb2.PushRequest(batch=ingest_pb2.Batch(
                            sequence=sequence, register_series=register,
                            rows=[ingest_pb2.Row(time_ms=self.base_ms + sequence * 1000, values=[sequence])])))
                        register = []
                    while self.acknowledged < sequence:
                        acknowledgement = next(responses).acknowledgement
                        self.refusals += acknowledgement.refusals
                        self.acknowledged = max(self.acknowledged, acknowledgement.sequence)
            finally:
                requests.put(None)
                responses.cancel()
