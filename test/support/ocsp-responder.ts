import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** OpenSSL's OCSP responder beside an authority of the test, as long as it is wanted. */
export class OcspResponder {
  private constructor(private readonly process: ChildProcess) {}

  /** `folder`: of the authority `ca`. `signer`: whose key signs. */
  static async start(folder: string, port: number, signer = 'ca', ca = 'ca'): Promise<OcspResponder> {
    const args = ['ocsp', '-port', String(port), '-index', `${ca}.index`, '-CA', `${ca}.crt`, '-nmin', '5'];
    const child = spawn('openssl', [...args, '-rsigner', `${signer}.crt`, '-rkey', `${signer}.key`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('waiting for OCSP client connections')) resolve();
      });
      child.once('exit', () => reject(new Error(`the responder ends: ${said}`)));
    });
    return new OcspResponder(child);
  }

  async stop(): Promise<void> {
    if (this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}
