// In place of an optional package that a program in a sandbox has no use for.
throw new Error('this package is not part of the image');
