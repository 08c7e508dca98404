import fc from 'fast-check';

/**
 * fast-check with a fixed seed: a test says the same twice. `PROPERTY_SEED=N` looks elsewhere; what it finds
 * becomes a case of its own.
 */
fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED'] ?? 1) });

export { fc };
