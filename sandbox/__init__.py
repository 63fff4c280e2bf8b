"""Run untrusted programs and report what happened. The sandbox knows no tests and no rewards.

    Job -> host [schedule -> event loop -> keeper] <-> zygote -> guest        -> Execution

Three processes:

- The *host* is our own process (`host/`). An event loop drives all workers. Each guest has a
  *keeper*, which measures it and kills it at its limits.
- A *zygote* is a small, warm interpreter, one per worker (`guest/zygote.py`). It forks the guests,
  reaps them, and reports how each ended and what it used.
- A *guest* is a fork of its zygote (`guest/main.py`). It confines itself (`confinement/`), and then
  runs one program, or answers the questions that are asked about it. In a *session* there are two:
  a candidate's guest, and a harness that uses the candidate while both live.

Three connections (`protocol/`):

- *Control*, between keeper and zygote: requests for guests, with descriptors; `started`; `ended`.
- *Channel*, between keeper and guest: questions and answers; the reports of a harness. A program
  that is run as `__main__` has no questions, only its standard streams.
- *Peer*, between the two guests of a session: requests and answers, in both directions.

Who is trusted:

- The zygote is trusted: no candidate code runs in it.
- A guest is untrusted, because the candidate's code shares its process. Its messages are bounded
  and parsed; a forged one can only produce a wrong answer. Time, memory and the end of a guest are
  measured from outside.
- A harness is trusted to report its tests. It believes nothing that the candidate's guest sends.
- An executor function elsewhere (`remote/`) is untrusted, too: a candidate may have taken it over.

A `Job` has no field for an expected answer, so a candidate's job cannot leak one. Tests are in its
`Session`, and reach the harness only.
"""
