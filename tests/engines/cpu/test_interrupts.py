"""However often the user interrupts, nobody reads arrays that threads still write."""

import os
import signal
import threading
import time

import pytest

from osolgil.engines.cpu import fleet


def test_a_second_interrupt_waits_for_the_threads_too():
    stop, ended = threading.Event(), [False, False]

    def work(index):
        stop.wait()
        time.sleep(0.3)
        ended[index] = True

    def interrupt():
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fleet._in_threads(work, 2, interrupt, stop.set)
    assert ended == [True, True]


def test_what_a_thread_raises_is_raised():
    def work(index):
        raise ValueError(f"thread {index}")

    with pytest.raises(ValueError, match="thread 0"):
        fleet._in_threads(work, 1)
