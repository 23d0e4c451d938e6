"""The HTML page at `/`, for people who open the sandbox in a browser."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Soundpiece sandbox</title>
<style>
  :root { color-scheme: light dark; font: 17px/1.6 system-ui, sans-serif; }
  body { max-width: 34em; margin: 12vh auto; padding: 0 1.5em; }
</style>
<h1>Soundpiece sandbox</h1>
<p>This is an offline sandbox that answers like Soundpiece&rsquo;s API.
<strong>It is not Soundpiece&rsquo;s model</strong>: its music is made here, by rules, and costs
nothing.</p>
<p>The API&rsquo;s root is <code>/v1</code>, and any key that begins with <code>spk_</code> opens
it. <a href="/docs">Try the API</a>, or see <a href="/sandbox/counters">what it saw so far</a>.</p>
</html>
"""
