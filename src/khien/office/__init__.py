"""The office: what is recorded (accounts, versions, runs, log) and who may do what. Needs the extra ``web``.

Models are thin; every act is one function in ``acts`` that asks a door of ``doors`` for the right, changes what is
to be changed and writes the log, all in one transaction. What needs no database (``config``, ``rights``, ``chain``,
``audit``, ``archive``, ``unpack``, ``merge``, ``territory``) knows nothing of Django.
"""
