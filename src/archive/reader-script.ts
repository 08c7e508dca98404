/** The program `reader.py` that travels in every archive. */
export const readerScript: string = '# to come\n';
