export { DefenderFeature, type DefenderOptions } from './defender-feature.ts';
export { linuxNetwork, type NetworkSnapshot, type NetworkSource } from './network-source.ts';
