process.stdout.write('aggregator');
