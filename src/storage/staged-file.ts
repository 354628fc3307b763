import type { Disk, WritableFile } from '../host/index.js';
import { parentPath } from './names.js';

/**
 * A file that appears whole or not at all: written under another name, fsynced, renamed, folder fsynced. Nobody looks at
 * staged names, and opening the database removes them.
 */
export class StagedFile {
  private position = 0;

  private constructor(
    private readonly disk: Disk,
    private readonly stagedPath: string,
    private readonly file: WritableFile,
  ) {}

  static async create(disk: Disk, stagedPath: string): Promise<StagedFile> {
    return new StagedFile(disk, stagedPath, await disk.create(stagedPath));
  }

  /** Bytes written so far. */
  get length(): number {
    return this.position;
  }

  /** `bytes` must not change until this resolves; one write at a time. */
  async write(bytes: Buffer): Promise<void> {
    await this.file.write(bytes, this.position);
    this.position += bytes.length;
  }

  /** Everything written is durable, still under the staged name. */
  async seal(): Promise<void> {
    await this.file.sync();
    await this.file.close();
  }

  /** After `seal`: gives it its name, replacing a file that has it. */
  async publish(path: string): Promise<void> {
    await this.disk.rename(this.stagedPath, path);
    await this.disk.syncDir(parentPath(path));
  }

  /** Removes it, sealed or not. */
  async abort(): Promise<void> {
    await this.file.close();
    await this.disk.remove(this.stagedPath);
  }
}
