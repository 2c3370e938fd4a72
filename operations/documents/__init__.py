"""What people read: the invoice as a page and as PDF, and the templates of mails."""
