"""Independent pieces of work, done here, in processes, or on several machines.

A piece and its result are plain data that can be pickled; what they mean is the caller's matter.
Other packages use the modules `executor`, `processes`, `ray_cluster`, `shared_folder` and
`signals`.
"""
