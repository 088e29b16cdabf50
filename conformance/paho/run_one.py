"""Runs one test of a Paho suite by name in this process, or lists the names: run_one.py SUITE MODULE PORT|list [TEST]."""

import importlib
import json
import logging
import os
import sys
import unittest

suite, module_name, port = sys.argv[1:4]
sys.path.insert(0, os.path.join(suite, "interoperability"))
module = importlib.import_module(module_name)

if port == "list":
    print(json.dumps(unittest.defaultTestLoader.getTestCaseNames(module.Test)))
    sys.exit(0)

# What the suites' own main functions set.
module.host = "localhost"
module.port = int(port)
module.topic_prefix = "client_test5/"
module.topics = ("TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA")
module.wildtopics = ("TopicA/+", "+/C", "#", "/#", "/+", "+/+", "TopicA/#")
module.nosubscribe_topics = ("test/nosubscribe",)
logging.getLogger().setLevel(logging.CRITICAL)

result = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(unittest.TestSuite([module.Test(sys.argv[4])]))
sys.stdout.flush()
sys.stderr.flush()
# The suites leave threads that wait on sockets.
os._exit(0 if result.wasSuccessful() and result.testsRun == 1 else 1)
