// Everything stays on the page: no request is ever made, and nothing is stored.
const byId = (id) => document.getElementById(id);

const replies = [
  'Thank you, I have it. I will not write it down.',
  'Come by after nine, then the gallery is empty.',
  'I will keep the lamp on for you.',
];

byId('join').addEventListener('submit', (event) => {
  event.preventDefault();
  const [firstName] = byId('name').value.trim().split(' ');
  byId('answer').textContent = firstName
    ? `Thank you, ${firstName}. Your card will wait at the desk.`
    : 'Please tell us your name first.';
});

byId('say').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = byId('message');
  const text = input.value.trim();
  if (text === '') return;
  input.value = '';
  say('mine', text);
  setTimeout(() => say('theirs', replies.shift() ?? 'Good night.'), 900);
});

function say(whose, text) {
  const item = document.createElement('li');
  item.className = whose;
  item.textContent = text;
  byId('messages').append(item);
}
