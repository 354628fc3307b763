// The compose file, the manifests for Kubernetes and the Dockerfile: what they name is there, and says what it should.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { cli, scratch } from '../cli/harness.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

/** Variables of a container make a configuration without a fault or a warning. */
async function assertConfigured(variables: Readonly<Record<string, string>>, folder: string): Promise<void> {
  const env = { ...variables, ZOO_CONF_DIR: join(folder, 'conf'), ZOO_DATA_DIR: folder };
  const { out, err } = await cli(['check', '--json'], { env });
  const { faults } = JSON.parse(out) as { faults: { severity: string; key?: string; reason: string }[] };
  // No name of another container resolves here, and nobody's data folder is there.
  assert.deepEqual(
    faults.filter(({ severity }) => severity !== 'note'),
    [],
    err,
  );
}

interface Service {
  environment: Record<string, string>;
  ports: string[];
  volumes: string[];
  hostname: string;
  build: { dockerfile: string };
  healthcheck: { test: string[] };
}

describe('the compose file', () => {
  const { services, volumes } = parse(read('conf/docker/compose.yaml'), { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
  };

  it('has three servers, each with an id, volumes and ports of its own', () => {
    const all = Object.values(services);
    assert.deepEqual(all.map(({ environment }) => environment['ZOO_MY_ID']).sort(), ['1', '2', '3']);
    const ports = all.flatMap((service) => service.ports.map((port) => port.replace(/:\d+$/, '')));
    assert.equal(new Set(ports).size, 9);
    const named = all.flatMap((service) => service.volumes.map((volume) => volume.split(':')[0] ?? ''));
    assert.deepEqual([...new Set(named)].sort(), Object.keys(volumes).sort());
    assert.equal(named.length, 6);
  });

  it('is built from the Dockerfile, and asked for its health by a command that exists', () => {
    for (const { build, healthcheck } of Object.values(services)) {
      assert.ok(existsSync(join(ROOT, build.dockerfile)));
      assert.deepEqual(healthcheck.test, ['CMD', 'zk-server', 'status']);
    }
  });

  for (const [name, { environment, hostname }] of Object.entries(services)) {
    it(`${name} is told of an ensemble that it belongs to`, async (t) => {
      await assertConfigured(environment, await scratch(t));
      assert.equal(hostname, name);
      assert.match(environment['ZOO_SERVERS'] ?? '', new RegExp(`server\\.${environment['ZOO_MY_ID']}=${name}:`));
    });
  }
});

interface Container {
  command: string[];
  args: string[];
  env: { name: string; value: string }[];
  ports: { name: string; containerPort: number }[];
  volumeMounts: { name: string; mountPath: string }[];
  readinessProbe: { httpGet: { path: string; port: string } };
  livenessProbe: { httpGet: { path: string; port: string } };
}

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: {
    serviceName: string;
    replicas: number;
    clusterIP?: string;
    publishNotReadyAddresses?: boolean;
    maxUnavailable?: number;
    template: { spec: { containers: Container[]; volumes: { name: string }[] } };
    volumeClaimTemplates: { metadata: { name: string } }[];
  };
}

describe('the manifests for Kubernetes', () => {
  const manifests = parseAllDocuments(read('conf/kubernetes/zk-server.yaml')).map((one) => one.toJS() as Manifest);
  const set = manifests.find(({ kind }) => kind === 'StatefulSet');
  assert.ok(set);
  const [container] = set.spec.template.spec.containers;
  assert.ok(container);
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

  it('have a headless service, which names the servers before they are ready', () => {
    const service = manifests.find(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === set.spec.serviceName,
    );
    assert.equal(service?.spec.clusterIP, 'None');
    assert.equal(service.spec.publishNotReadyAddresses, true);
  });

  it('name as many servers as pods, by the names that the pods get', () => {
    const servers = (env['ZOO_SERVERS'] ?? '').split(' ');
    const { name } = set.metadata;
    assert.deepEqual(
      servers.map((server) => server.replace(/:.*/, '')),
      [...Array(set.spec.replicas).keys()].map((i) => `server.${i + 1}=${name}-${i}.${set.spec.serviceName}`),
    );
  });

  it('never take a quorum away on purpose', () => {
    const budget = manifests.find(({ kind }) => kind === 'PodDisruptionBudget');
    assert.equal(budget?.spec.maxUnavailable, 1);
  });

  it('probe ports that are named, on paths that the admin port has', () => {
    const ports = new Map(container.ports.map(({ name, containerPort }) => [name, containerPort]));
    assert.deepEqual(container.readinessProbe.httpGet, { path: '/readyz', port: 'admin' });
    assert.deepEqual(container.livenessProbe.httpGet, { path: '/livez', port: 'admin' });
    assert.equal(ports.get('admin'), 8080);
  });

  it('mount every volume that is there, and no other', () => {
    const { volumes } = set.spec.template.spec;
    const there = [
      ...volumes.map(({ name }) => name),
      ...set.spec.volumeClaimTemplates.map(({ metadata }) => metadata.name),
    ];
    assert.deepEqual(container.volumeMounts.map(({ name }) => name).sort(), there.sort());
  });

  it('number the servers by the pods', () => {
    assert.match(container.args.join(), /ZOO_MY_ID=\$\(\(\$\{HOSTNAME##\*-\} \+ 1\)\)/);
  });

  it('make a configuration', async (t) => {
    await assertConfigured({ ...env, ZOO_MY_ID: '1' }, await scratch(t));
  });
});

describe('the Dockerfile', () => {
  const lines = read('conf/docker/Dockerfile').split('\n');
  const copies = lines.filter((line) => line.startsWith('COPY ') && !line.includes('--from='));

  it('copies what is there', () => {
    const sources = copies.flatMap((line) => line.split(/\s+/).slice(1, -1));
    assert.ok(sources.length >= 8);
    for (const source of sources) assert.ok(existsSync(join(ROOT, source)), source);
  });

  it('copies what the build reads', () => {
    const all = copies.join(' ');
    for (const file of ['package-lock.json', 'tsconfig.build.json', ' src ', ' scripts '])
      assert.ok(all.includes(file), file);
  });
});
