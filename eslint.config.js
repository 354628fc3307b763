// The linter guards what types cannot: floating promises, and the host seam. Ambient time, timers, randomness, sockets,
// files, environment and threads may be named only in the real host (src/platform), the command line (src/cli) and the
// main files of the other programs (src/*/edge).
// src/dashboard runs in browsers.
import tseslint from 'typescript-eslint';

const AMBIENT_MODULES =
  /^(node:)?(fs|fs\/promises|net|tls|dns|dns\/promises|http|https|http2|os|child_process|worker_threads|timers|timers\/promises|dgram|cluster|perf_hooks|process|readline|repl|vm|inspector|v8)$/;
const PURE_CRYPTO = ['createCipheriv', 'createDecipheriv', 'createHash', 'createHmac', 'timingSafeEqual', 'Hash'];

const seamRules = {
  'no-restricted-globals': [
    'error',
    ...[
      'setTimeout',
      'setInterval',
      'setImmediate',
      'queueMicrotask',
      'performance',
      'fetch',
      'crypto',
      'process',
      'console',
    ].map((name) => ({ name, message: 'Ask for it through an interface of src/host.' })),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'Use Clock.wallMs or Clock.monotonicMs.' },
    { object: 'Math', property: 'random', message: 'Use Random.' },
    { object: 'Atomics', property: 'wait', message: 'Threads live in src/platform.' },
    { object: 'Atomics', property: 'waitAsync', message: 'Threads live in src/platform.' },
    { object: 'globalThis', property: 'setTimeout', message: 'Use Clock.after.' },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Use Clock.wallMs.' },
    { selector: 'ImportExpression', message: 'Dynamic imports belong to src/platform and src/cli.' },
  ],
  '@typescript-eslint/no-restricted-imports': [
    'error',
    {
      patterns: [
        { regex: AMBIENT_MODULES.source, message: 'Ask for it through an interface of src/host.' },
        { regex: '^(pino|prom-client|yargs)', message: 'Only src/platform and src/cli use it.' },
      ],
      paths: [{ name: 'node:crypto', allowImportNames: PURE_CRYPTO, message: 'Only hashes and ciphers are pure.' }],
    },
  ],
};

export default tseslint.config(
  { ignores: ['dist/**', 'build/**', 'node_modules/**', 'docs/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,cts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 90, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  // The one kind of module that node reads without a loader of its own, and that has no other import.
  { files: ['**/*.cts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/platform/**', 'src/cli/**', 'src/*/edge/**', 'src/dashboard/**'],
    rules: seamRules,
  },
  {
    files: ['src/dashboard/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Buffer', 'process', 'global', 'require', 'eval'].map((name) => ({
          name,
          message: 'Browsers have it not.',
        })),
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      // node:test's describe() and it() return promises that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          ignoreVoid: false,
          allowForKnownSafeCalls: [
            { from: 'package', name: ['it', 'describe', 'test', 'before', 'after', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
  { files: ['src/cli/**/*.ts', 'scripts/**'], rules: { 'no-console': 'off' } },
);
