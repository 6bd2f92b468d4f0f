"""By what a mail is known again has its second in front (see `fingerprint`). What is here already is found as it is."""

from django.db import migrations, models

from everyhand.core.indexes import WithoutPatterns


class Migration(migrations.Migration):
    dependencies = [("email", "0008_lighter_indexes")]

    operations = [
        WithoutPatterns("email_rawmail", "sha256"),
        WithoutPatterns("email_mail", "fingerprint"),
        migrations.RenameField(model_name="rawmail", old_name="sha256", new_name="digest"),
        migrations.AlterField(model_name="rawmail", name="digest", field=models.CharField(max_length=74, unique=True)),
        migrations.AlterField(
            model_name="mail", name="fingerprint", field=models.CharField(max_length=74, null=True, unique=True)
        ),
    ]
