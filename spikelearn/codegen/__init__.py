"""From templates to machine code: rendered modules, fingerprints, the cache of object code, and the compiler."""
