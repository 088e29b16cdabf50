process.stdout.write('spool');
