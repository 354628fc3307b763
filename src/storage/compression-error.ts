/** A compressed file that cannot be unpacked. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError';
  constructor(
    /** Bytes from the start of the compressed file, about where the damage is. */
    readonly offset: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
