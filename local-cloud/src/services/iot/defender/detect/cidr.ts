import { BlockList, isIP } from 'node:net';

/** Whether a text is an address or a CIDR block. */
export function isCidr(text: string): boolean {
  return parse(text) !== undefined;
}

/** Blocks that addresses are looked up in. Texts that are no blocks are left out: they were checked when stored. */
export function blocksOf(cidrs: readonly string[]): BlockList {
  const blocks = new BlockList();
  for (const text of cidrs) {
    const block = parse(text);
    if (block !== undefined) blocks.addSubnet(block.address, block.prefix, block.family);
  }
  return blocks;
}

export function containsAddress(blocks: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && blocks.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function parse(text: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const widest = version === 6 ? 128 : 32;
  const bits = prefix === undefined ? widest : Number(prefix);
  if (prefix !== undefined && !/^[0-9]{1,3}$/.test(prefix)) return undefined;
  if (bits > widest) return undefined;
  return { address, prefix: bits, family: version === 6 ? 'ipv6' : 'ipv4' };
}
