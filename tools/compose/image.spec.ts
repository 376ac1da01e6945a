import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { composeDocument } from './document';
import { DATA_DIR } from './layout';

const root = path.join(__dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const dockerfile = read('Dockerfile');
/** What `.dockerignore` lets through: names at the root. */
const context = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name = '']) => name);

describe('the image', () => {
  it('is built from what is there, and from every folder that the build reads', () => {
    const [, folders = ''] = /for \(const folder of \[([^\]]*)\]/.exec(read('tools/build.mjs')) ?? [];
    const built = [...folders.matchAll(/'([^',/]+)[^',]*'/g)].map(([, top = '']) => top);
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    expect(built.length).toBeGreaterThan(4);
    expect(context).toEqual(expect.arrayContaining([...built, ...copied.filter((name) => name !== '.')]));
    for (const name of context) expect([name, existsSync(path.join(root, name))]).toEqual([name, true]);
  });

  it('holds every program that a container runs', () => {
    for (const { build, command: [entry = ''] = [] } of Object.values(composeDocument().services)) {
      if (build === undefined) continue;
      const source = entry.replace(/^dist\//, '').replace(/\.js$/, '.ts');
      expect([entry, existsSync(path.join(root, source))]).toEqual([entry, true]);
    }
  });

  it('is of the Node that the product asks for, runs as its user, and has the folder of what is kept', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const [, major] = /^ARG NODE=node:(\d+)\.\d+\.\d+-/m.exec(dockerfile) ?? [];
    expect(engines.node).toContain(`>=${major}.`);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain(`--owner=node --group=node --mode=0700 ${DATA_DIR}\n`);
  });
});
