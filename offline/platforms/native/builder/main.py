"""Builds a program with the computer's own compiler (PlatformIO platform "native")."""

from SCons.Script import AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()

# The compiler tools set these lists anew; what platformio.ini put there must stay.
flags = {name: list(env.get(name, [])) for name in ("CFLAGS", "CXXFLAGS")}
for name in ("CC", "CXX"):
    if name in env:
        del env[name]
env.Tool("gcc")
env.Tool("g++")
env.Append(**flags)

program = env.BuildProgram()
execute = env.VerboseAction("$SOURCE $PROGRAM_ARGS", "Executing $SOURCE")
AlwaysBuild(env.Alias("exec", program, execute))
AlwaysBuild(env.Alias("upload", program, execute))
Default(program)
