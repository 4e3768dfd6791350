"""Sessions."""

import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('profiles', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('client_id', models.TextField(blank=True, default='')),
                ('original_profile_id', models.UUIDField(null=True)),
                ('device_key', models.UUIDField(null=True)),
                ('source_id', models.UUIDField()),
                ('channel', models.TextField(blank=True, default='')),
                ('status', models.CharField(choices=[('started', 'Started'), ('active', 'Active'), ('ended', 'Ended')], default='started', max_length=10)),
                ('started_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('visit_count', models.PositiveIntegerField(default=0)),
                ('visits', models.JSONField(default=list)),
                ('event_count', models.PositiveIntegerField(default=0)),
                ('page_count', models.PositiveIntegerField(default=0)),
                ('entry_page', models.TextField(blank=True, default='')),
                ('exit_page', models.TextField(blank=True, default='')),
                ('referrer', models.TextField(blank=True, default='')),
                ('language', models.TextField(blank=True, default='')),
                ('country', models.TextField(blank=True, default='')),
                ('is_bot', models.BooleanField(default=False)),
                ('device', models.JSONField(default=dict)),
                ('os', models.JSONField(default=dict)),
                ('app', models.JSONField(default=dict)),
                ('utm', models.JSONField(default=dict)),
                ('geo', models.JSONField(default=dict)),
                ('context', models.JSONField(default=dict)),
                ('properties', models.JSONField(default=dict)),
                ('profile', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='sessions', to='profiles.profile')),
            ],
            options={
                'indexes': [models.Index(fields=['profile', '-started_at'], name='session_by_profile'), models.Index(fields=['started_at'], name='session_by_start')],
            },
        ),
    ]
