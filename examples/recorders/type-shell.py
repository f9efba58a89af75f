"""Types one session into a shell that asciinema records: type-shell.py OUTPUT TOKEN SILENT

Keys go in one by one with a hand's delays. TOKEN is pasted at the prompt and SILENT at a prompt that
does not echo; a paste is one write, so that each stands whole in one event.
"""

import random
import sys

import pexpect

output, token, silent = sys.argv[1:]
hand = random.Random(20261)

# readline announces bracketed paste in front of every prompt; a `$ ` in some output is no prompt.
PROMPT = "\x1b[?2004h$ "

shell = pexpect.spawn(
    "asciinema",
    ["rec", "--stdin", "--quiet", "--idle-time-limit", "2", "--title", "An evening at the desk"]
    + ["--command", "bash --noprofile --norc -i", output],
    dimensions=(24, 80),
    encoding="utf-8",
    timeout=20,
)
shell.delaybeforesend = None


def pause(low, high):
    # Reads while it waits, so that the terminal's echo is drained as a real one would be.
    shell.expect(pexpect.TIMEOUT, timeout=hand.uniform(low, high))


def keys(text):
    for key in text:
        shell.send(key)
        pause(*((0.10, 0.22) if key in " |./" else (0.04, 0.12)))


def enter():
    pause(0.15, 0.35)
    shell.send("\r")


def prompt():
    shell.expect_exact(PROMPT)
    pause(0.3, 0.7)


def run(line):
    keys(line)
    enter()
    prompt()


prompt()
run("ls")
run("cat todo.txt")
keys("cat leger")
pause(0.3, 0.5)
keys("\x7f" * 3)
run("dger.txt")
run("sort -k 5 ledger.txt | head -n 3")
run("echo soup is on Thursdays >> todo.txt")
run("wc -l todo.txt ledger.txt")

keys("export API_TOKEN=")
shell.send(f"\x1b[200~{token}\x1b[201~")
pause(0.6, 1.0)
enter()
prompt()
run("echo the token has ${#API_TOKEN} letters")

keys("read -rs -p 'word for the drawer: ' word")
enter()
shell.expect_exact("drawer: ")
pause(0.5, 0.9)
shell.send(silent)
pause(0.5, 0.9)
shell.send("\r")
prompt()
run("echo; echo the word has ${#word} letters")

run("for i in 1 2 3; do echo lamp $i is out; done")
run("grep -n key ledger.txt")
run("printf 'closed at ten\\n' > closing.txt; cat closing.txt todo.txt")
run("ls -1 | sort -r")
run("unset API_TOKEN word")
keys("exit")
enter()
shell.expect(pexpect.EOF)
shell.close()
sys.exit(shell.exitstatus or 0)
