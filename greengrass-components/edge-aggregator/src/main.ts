import { runComponent } from '../../shared/src/run-component.ts';
import { configurationSchema } from './configuration.ts';
import { EdgeAggregator } from './edge-aggregator.ts';

runComponent(new EdgeAggregator(), configurationSchema);
