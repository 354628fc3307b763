import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = new URL('.', import.meta.url).pathname;
const SOURCES = '/etc/apt/sources.list.d';
const CLIENT = 'zookeeper-client/zookeeper-client-c';

/**
 * Debian builds the C client without SASL and TLS. This builds it with both, from Debian's own source package, into `folder`,
 * and links `secure-session.c` with it. Returns the program's path. Needs the network; changes nothing of the system.
 */
export function buildSecureClient(folder: string): string {
  downloadSource(folder);
  const sources = join(folder, CLIENT, 'src');
  const build = join(folder, 'build');
  mkdirSync(build, { recursive: true });
  // What its configure script would find out here.
  writeFileSync(
    join(build, 'config.h'),
    `#define PACKAGE_STRING "zookeeper C client"
#define HAVE_SYS_SOCKET_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_SYS_UTSNAME_H 1
#define HAVE_NETINET_IN_H 1
#define HAVE_ARPA_INET_H 1
#define HAVE_UNISTD_H 1
#define HAVE_FCNTL_H 1
#define HAVE_NETDB_H 1
#define HAVE_GETPWUID_R 1
#define HAVE_GETUID 1
#define HAVE_GETHOSTNAME 1
#define HAVE_GETLOGIN 1
#define HAVE_STRTOK_R 1
#define HAVE_POLL 1
`,
  );
  // The generated code of the records is in the library that Debian has.
  const library = outputOf('cc', '-print-file-name=libzookeeper_mt.a').trim();
  const [records] = /^\S*jute\S*\.o$/m.exec(outputOf('ar', 't', library)) ?? [];
  if (records === undefined) throw new Error(`no records in ${library}`);
  run(build, 'ar', 'x', library, records);
  const files = ['zookeeper.c', 'mt_adaptor.c', 'recordio.c', 'zk_log.c', 'zk_hashtable.c', 'addrvec.c', 'zk_sasl.c'];
  const hashtable = ['hashtable.c', 'hashtable_itr.c'].map((name) => join(sources, 'hashtable', name));
  const program = join(build, 'secure-session');
  // OpenSSL 3 has no FIPS_mode() any more.
  run(
    build,
    ...[
      'cc',
      '-w',
      '-O1',
      '-DTHREADED',
      '-D_GNU_SOURCE',
      '-DHAVE_OPENSSL_H',
      '-DHAVE_CYRUS_SASL_H',
      '-DFIPS_mode()=0',
      '-I',
      build,
    ],
    ...['-I', join(folder, CLIENT, 'include'), '-I', sources, '-I', '/usr/include/zookeeper', '-o', program],
    ...[join(HERE, 'secure-session.c'), ...files.map((name) => join(sources, name)), ...hashtable, records],
    ...['-lsasl2', '-lssl', '-lcrypto', '-lpthread', '-lm'],
  );
  return program;
}

/** The part of Debian's source package that is the client, with lists of packages of our own. */
function downloadSource(folder: string): void {
  const parts = join(folder, 'apt', 'parts');
  for (const path of [
    parts,
    join(folder, 'apt', 'lists', 'partial'),
    join(folder, 'apt', 'cache', 'archives', 'partial'),
  ]) {
    mkdirSync(path, { recursive: true });
  }
  for (const name of readdirSync(SOURCES).filter((one) => /\.(sources|list)$/.test(one))) {
    const text = readFileSync(join(SOURCES, name), 'utf8');
    writeFileSync(
      join(parts, name),
      text.replaceAll(/^Types:.*$/gm, 'Types: deb-src').replaceAll(/^deb /gm, 'deb-src '),
    );
  }
  const options = {
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': parts,
    'Dir::State::Lists': join(folder, 'apt', 'lists'),
    'Dir::Cache': join(folder, 'apt', 'cache'),
    'APT::Sandbox::User': 'root',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  run(folder, 'apt-get', '-qq', ...flags, 'update');
  run(folder, 'apt-get', '-qq', ...flags, 'source', '--download-only', 'zookeeper');
  const archive = readdirSync(folder).find((name) => /^zookeeper_.*\.orig\.tar\./.test(name));
  if (archive === undefined) throw new Error('the source package has no archive');
  run(folder, 'tar', '-xf', archive, '--strip-components=1', '--wildcards', `*/${CLIENT}/*`);
}

function outputOf(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' });
}

function run(cwd: string, command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
}
