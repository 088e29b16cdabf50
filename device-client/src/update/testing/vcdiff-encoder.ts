/** What a window of a delta does: takes bytes of the source, or brings its own. */
export type DeltaPart = { readonly copy: readonly [from: number, length: number] } | { readonly add: Uint8Array };

/** ADD and COPY (mode 0) with their size behind them: codes 1 and 19 of the default table (RFC 3284 section 5.6). */
const ADD = 1;
const COPY = 19;

/** A VCDIFF of the given windows, each with the whole source as its segment: as our deltas are, and no smaller than need be. */
export function encodeVcdiff(sourceSize: number, windows: readonly (readonly DeltaPart[])[]): Buffer {
  return Buffer.concat([
    Buffer.from([0xd6, 0xc3, 0xc4, 0x00, 0x00]),
    ...windows.map((parts) => window(sourceSize, parts)),
  ]);
}

function window(sourceSize: number, parts: readonly DeltaPart[]): Buffer {
  const data: Uint8Array[] = [];
  const instructions: Buffer[] = [];
  const addresses: Buffer[] = [];
  let size = 0;
  for (const part of parts) {
    const isCopy = 'copy' in part;
    const length = isCopy ? part.copy[1] : part.add.length;
    instructions.push(Buffer.from([isCopy ? COPY : ADD]), integer(length));
    if (isCopy) addresses.push(integer(part.copy[0]));
    else data.push(part.add);
    size += length;
  }
  const sections = [data, instructions, addresses].map((section) => Buffer.concat(section));
  const body = Buffer.concat([
    integer(size),
    Buffer.from([0]),
    ...sections.map(({ length }) => integer(length)),
    ...sections,
  ]);
  return Buffer.concat([Buffer.from([1]), integer(sourceSize), integer(0), integer(body.length), body]);
}

/** Base 128, most significant first (RFC 3284 section 2). */
function integer(value: number): Buffer {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) + 128);
  return Buffer.from(digits);
}
