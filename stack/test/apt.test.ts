import { expect } from 'chai';
import { debianPackages } from '../servers/apt.ts';

describe('Debian packages', () => {
  it('are named once each, by names that apt takes', () => {
    const names = debianPackages();
    expect(new Set(names).size).to.equal(names.length);
    for (const name of names) expect(name).to.match(/^[a-z0-9][a-z0-9+.-]+$/);
  });

  it("bring Odoo's Python parts, and the servers", () => {
    expect(debianPackages()).to.include.members([
      'python3-psycopg2',
      'python3-lxml',
      'postgresql-15',
      'redis-server',
      'nginx-light',
      'docker-registry',
      'containerd',
    ]);
  });
});
