"""The Python half of the harness: what a request means. Its C half calls `boot.run` and `boot.compile_program`."""
