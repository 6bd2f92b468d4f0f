"""What mail programs write around the words of people, as tables: data, not code.

A language is one line in each table. The keys are ISO 639-1 codes and serve the reader alone: recognition looks at
all languages at once, because people mix them (a Danish Gmail writes "Fra:" above "Subject:").
"""
