import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageEngine } from './engine.ts';

let directory: string;
let engine: StorageEngine;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-engine-'));
  engine = new StorageEngine(directory, () => [1]);
});

afterEach(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

test('the engine reaches neither files nor extensions, and its settings cannot be changed', async () => {
  const connection = await engine.reader();
  const forbidden = [
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd.csv'",
    `COPY (SELECT 1) TO '${join(directory, 'out.csv')}'`,
    `ATTACH '${join(directory, 'other.duckdb')}'`,
    `EXPORT DATABASE '${directory}'`,
    'INSTALL httpfs',
    'LOAD httpfs',
    'SET enable_external_access = true',
    "SET threads = '8'",
  ];
  for (const sql of forbidden) await expect(connection.run(sql)).rejects.toThrow();
  connection.closeSync();
});

test('tables whose deletion was cut short are dropped at the next start, the others are kept', async () => {
  await engine.exclusive(async (connection) => {
    await connection.run('CREATE TABLE t1 (x INTEGER)');
    await connection.run('CREATE TABLE t2 (x INTEGER)');
    await connection.run("INSERT INTO stored_columns VALUES (2, 0, 'DIMENSION', 'thing', 'varchar')");
  });
  await engine.close();
  engine = new StorageEngine(directory, () => [1]);
  const connection = await engine.reader();
  const tables = await connection.runAndReadAll("SELECT table_name FROM duckdb_tables() WHERE table_name[1] = 't'");
  expect(tables.getRows()).toEqual([['t1']]);
  const columns = await connection.runAndReadAll('SELECT count(*) FROM stored_columns');
  expect(columns.getRows()).toEqual([[0n]]);
  connection.closeSync();
});

test('a data directory that is a file is told, with its path', async () => {
  const broken = new StorageEngine(join(directory, 'records.duckdb'), () => []);
  await engine.open();
  await expect(broken.open()).rejects.toMatchObject({
    code: 'DATA_DIRECTORY_UNUSABLE',
    message: expect.stringContaining('records.duckdb'),
  });
});
