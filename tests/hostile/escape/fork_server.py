# tries: to let a server of multiprocessing fork
# must: runtime_error|security_violation|harmless

import multiprocessing, os


def work():
    print("BREACH", flush=True)


if __name__ == "__main__":
    for method in ("forkserver", "spawn", "fork"):
        try:
            process = multiprocessing.get_context(method).Process(target=work)
            process.start()
            process.join()
            print("BREACH" if process.exitcode == 0 else "")
        except (OSError, ImportError):
            pass
