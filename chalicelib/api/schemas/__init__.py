"""What requests and answers look like, by feature. Requests are parsed by these; answers are described by them.

Answers are written as plain dictionaries (present.py), which is faster; a test holds them to these.
"""
