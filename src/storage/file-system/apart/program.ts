import { fileURLToPath } from 'node:url';

/**
 * The program of the process that works on a share. In the single executable it is a word that the executable
 * takes.
 */
export const program: string = fileURLToPath(new URL('./main.js', import.meta.url));
