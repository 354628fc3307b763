/** Bytes that are no frame of a server. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Finds the frames (`int length; bytes`) in the chunks of a connection. */
export class FrameSplitter {
  private pieces: Buffer[] = [];
  private have = 0;
  private need = 0;

  constructor(private readonly maxFrameBytes: number) {}

  /**
   * Calls `onFrame` for every frame that is whole, with where its payload stands; the bytes are valid during the call. Throws a
   * `FrameError` for a length below 0 or above the limit.
   */
  push(chunk: Buffer, onFrame: (bytes: Buffer, start: number, end: number) => void): void {
    let bytes = chunk;
    if (this.have > 0) {
      this.pieces.push(Buffer.from(chunk));
      this.have += chunk.length;
      if (this.have < this.need) return;
      bytes = Buffer.concat(this.pieces, this.have);
      this.pieces = [];
      this.have = 0;
    }
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = bytes.readInt32BE(at);
      if (length < 0 || length > this.maxFrameBytes) {
        throw new FrameError(
          `the server sent a frame of ${length} bytes; at most ${this.maxFrameBytes} are taken (jute.maxbuffer)`,
        );
      }
      const end = at + 4 + length;
      if (end > bytes.length) break;
      onFrame(bytes, at + 4, end);
      at = end;
    }
    if (at < bytes.length) this.keep(bytes, at);
  }

  /** The chunk is only lent, so what is left of it is copied. */
  private keep(bytes: Buffer, at: number): void {
    const rest = Buffer.from(bytes.subarray(at));
    this.pieces = [rest];
    this.have = rest.length;
    this.need = 4 + (rest.length >= 4 ? rest.readInt32BE(0) : 0);
  }
}
