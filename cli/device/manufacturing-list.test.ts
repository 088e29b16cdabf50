import { selfSignedCertificate } from '../../test/support/certificates.ts';
import { CsvError, readCsv } from './csv.ts';
import { type ListSettings, readManufacturingList } from './manufacturing-list.ts';

const HEADER = 'serialNumber,site,deviceType,certificate,csr,attribute.batch';
const CSR = '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----';
const settings: ListSettings = {
  sites: ['north', 'south'],
  deviceTypes: ['pump-station'],
  now: Date.now(),
  readFile(path) {
    if (path !== 'known.pem') throw new Error('ENOENT');
    return CSR;
  },
};
const read = (...lines: string[]) => readManufacturingList([HEADER, ...lines].join('\n'), settings);

describe('CSV', () => {
  test('cells in quotes hold commas, doubled quotes and line ends', () => {
    expect(readCsv('a,"b,""c""",d\r\n"two\nlines",x\r\n\r\nlast')).toEqual([
      { line: 1, cells: ['a', 'b,"c"', 'd'] },
      { line: 2, cells: ['two\nlines', 'x'] },
      { line: 5, cells: ['last'] },
    ]);
  });

  test('a quote that is never closed is named by its line', () => {
    expect(() => readCsv('a\n"b\nc')).toThrow(new CsvError('the quote that opens on line 2 is never closed'));
  });
});

test('a device comes with its signing request, in the cell or in a file, and with its attributes', () => {
  const { bad, devices } = read(`PS-0001,north,pump-station,,"${CSR}",b7`, 'PS-0002,south,pump-station,,known.pem,');
  expect(bad).toEqual([]);
  expect(devices).toMatchObject([
    { line: 2, serialNumber: 'PS-0001', credential: { kind: 'csr' }, attributes: { batch: 'b7' } },
    { line: 5, serialNumber: 'PS-0002', site: 'south', attributes: {} },
  ]);
});

test('a certificate is read, and one that has ended is refused', async () => {
  const { certificatePem } = await selfSignedCertificate('PS-0001');
  const text = `${HEADER}\nPS-0001,north,pump-station,"${certificatePem}",,`;
  expect(readManufacturingList(text, settings).devices).toHaveLength(1);
  const later = { ...settings, now: Date.now() + 40 * 86_400_000 };
  expect(readManufacturingList(text, later).bad[0]?.reason).toMatch(/^its certificate ended on/);
});

test.each([
  ['ps-1,north,pump-station,,known.pem,', /^serialNumber must be 4 to 32/],
  ['PS-0001,east,pump-station,,known.pem,', /^site east is not one of the stage: north, south/],
  ['PS-0001,north,engine,,known.pem,', /^deviceType engine is not one/],
  ['PS-0001,north,pump-station,,,', /neither a certificate nor a CSR/],
  ['PS-0001,north,pump-station,known.pem,known.pem,', /both a certificate and a CSR/],
  ['PS-0001,north,pump-station,known.pem,,', /not a PEM certificate/],
  ['PS-0001,north,pump-station,,missing.pem,', /the file missing.pem cannot be read/],
  ['PS-0001,north,pump-station,,known.pem,two words', /attribute.batch holds/],
  ['PS-0001,north', /2 cells, and the header 6/],
])('the line %s is bad, and the others stand', (line, reason) => {
  const { bad, devices } = read(line, 'PS-0009,north,pump-station,,known.pem,');
  expect(bad).toHaveLength(1);
  expect(bad[0]).toMatchObject({ line: 2, reason: expect.stringMatching(reason) });
  expect(devices.map(({ serialNumber }) => serialNumber)).toEqual(['PS-0009']);
});

test('a serial number counts once', () => {
  const line = 'PS-0001,north,pump-station,,known.pem,';
  expect(read(line, line).bad).toEqual([
    { line: 3, serialNumber: 'PS-0001', reason: 'its serial number stands on line 2 already' },
  ]);
});

test.each([
  ['', 'the file is empty'],
  ['serialNumber,site,certificate', 'no column deviceType'],
  ['serialNumber,site,deviceType', 'neither a column certificate nor'],
  ['serialNumber,site,deviceType,csr,colour', 'the column colour is not known'],
  ['serialNumber,site,deviceType,csr,attribute.state', 'the column attribute.state is not known'],
])('the header "%s" is refused', (header, message) => {
  expect(() => readManufacturingList(header, settings)).toThrow(message);
});
